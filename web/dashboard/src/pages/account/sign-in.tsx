// Signing in: e-mail address and password, then a code where the account has a second factor.

import {
  Alert,
  Anchor,
  Button,
  Code,
  Group,
  PasswordInput,
  Stack,
  Text,
  TextInput,
} from "@mantine/core";
import type { Problem, Schema } from "@nest-haus/api";
import { type FormEvent, useState } from "react";
import { asProblem } from "../../api/as-problem";
import { api } from "../../api/client";
import type { Me } from "../../app/me";
import { ProblemAlert } from "../../components/problem-alert";
import { useTexts } from "../../i18n/texts";
import { AccountFrame } from "./frame";
import { texts } from "./texts";

const FORGOT = `${import.meta.env.BASE_URL}forgot-password`;

/**
 * The sign-in page. It shows wherever somebody must be signed in, and gives way to what was asked for. It stands by
 * itself, without routes and queries, so that it is there soon.
 */
export default function SignInPage({ onSignedIn }: { onSignedIn: (me: Me) => void }) {
  const t = useTexts(texts);
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [needsCode, setNeedsCode] = useState(false);
  const signIn = useSignIn(onSignedIn);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const refused = await signIn.send({
      email,
      password,
      ...(needsCode ? { code: code.trim() } : {}),
    });
    if (refused?.code === "second_factor_required") setNeedsCode(true);
  };
  const back = () => {
    setNeedsCode(false);
    setCode("");
    signIn.forget();
  };
  return (
    <AccountFrame title={t.signIn} {...(needsCode ? { hint: t.codeHint } : {})}>
      <form onSubmit={(event) => void submit(event)}>
        <Stack>
          {needsCode ? (
            <TextInput
              key="code"
              label={t.code}
              value={code}
              onChange={(event) => setCode(event.currentTarget.value)}
              autoComplete="one-time-code"
              autoCapitalize="none"
              spellCheck={false}
              required
              ref={focus}
            />
          ) : (
            <>
              <TextInput
                key="email"
                label={t.email}
                type="email"
                value={email}
                onChange={(event) => setEmail(event.currentTarget.value)}
                autoComplete="username"
                required
              />
              <PasswordInput
                label={t.password}
                value={password}
                onChange={(event) => setPassword(event.currentTarget.value)}
                autoComplete="current-password"
                required
              />
            </>
          )}
          {signIn.problem && <SignInProblem problem={signIn.problem} needsCode={needsCode} />}
          <Button type="submit" loading={signIn.isBusy} fullWidth>
            {t.signIn}
          </Button>
          {needsCode ? (
            <Button variant="subtle" onClick={back}>
              {t.back}
            </Button>
          ) : (
            <Group justify="center">
              <Anchor href={FORGOT} size="sm">
                {t.forgot}
              </Anchor>
            </Group>
          )}
        </Stack>
      </form>
      {!needsCode && <FirstTime />}
    </AccountFrame>
  );
}

/** Sends credentials; `send` gives the problem where they were refused. */
function useSignIn(onSignedIn: (me: Me) => void) {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const send = async (body: Schema<"Credentials">): Promise<Problem | null> => {
    setBusy(true);
    setProblem(null);
    try {
      const { data } = await api.POST("/api/admin/auth/login", { body });
      if (data) onSignedIn(data);
      return null;
    } catch (thrown) {
      const refused = asProblem(thrown);
      setProblem(refused);
      return refused;
    } finally {
      setBusy(false);
    }
  };
  return { isBusy, problem, send, forget: () => setProblem(null) };
}

function SignInProblem({ problem, needsCode }: { problem: Problem; needsCode: boolean }) {
  const t = useTexts(texts);
  if (problem.code === "second_factor_required") return null;
  if (problem.status === 401) {
    return (
      <Alert color="red" role="alert">
        {needsCode ? t.wrongCode : t.wrong}
      </Alert>
    );
  }
  if (problem.status === 429) {
    return (
      <Alert color="red" role="alert">
        {t.tryLater(problem.retryAfterS ?? 1)}
      </Alert>
    );
  }
  return <ProblemAlert problem={problem} />;
}

/** How the first administrator is made: nothing but the command line can. */
function FirstTime() {
  const t = useTexts(texts);
  return (
    <details>
      <Text component="summary" size="sm" c="dimmed" style={{ cursor: "pointer" }}>
        {t.firstTime}
      </Text>
      <Text size="sm" mt="xs">
        {t.firstTimeHint}
      </Text>
      <Code block mt="xs" tabIndex={0}>
        nest-haus admin create --email you@example.com --name You
      </Code>
    </details>
  );
}

function focus(field: HTMLInputElement | null): void {
  field?.focus();
}
