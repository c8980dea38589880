// What shows where a page cannot: there is none, it may not be seen, or it broke.

import { Button, Stack, Text, Title } from "@mantine/core";
import { asProblem } from "../api/hooks";
import { ProblemAlert } from "../components/problem-alert";
import { useTexts } from "../i18n/texts";
import { PageLink } from "./navigation";
import { shellTexts } from "./shell-texts";

/** There is no such page. */
export function NotFoundView() {
  const t = useTexts(shellTexts);
  return (
    <Stack component="main" p="xl" align="flex-start">
      <title>{`${t.notFound} · NEST-Haus`}</title>
      <Title order={1}>{t.notFound}</Title>
      <Button component={PageLink} to="/">
        {t.backHome}
      </Button>
    </Stack>
  );
}

/** The page is there, and not for whoever is signed in. */
export function NotPermittedView() {
  const t = useTexts(shellTexts);
  return (
    <Stack align="flex-start">
      <Title order={1}>{t.notPermitted}</Title>
      <Text>{t.notPermittedHint}</Text>
    </Stack>
  );
}

/** A page threw: its mistake, and a way to try again. */
export function CrashView({ error, reset }: { error: unknown; reset: () => void }) {
  return <ProblemAlert problem={asProblem(error)} onRetry={reset} />;
}
