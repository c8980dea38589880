// Who is signed in sees the frame with a page; nobody signed in sees the sign-in page here, so that the
// address stays and opens what it names afterwards. Of the two, the likely one is loaded at once.

import { Center, Stack, Title } from "@mantine/core";
import { lazy, Suspense } from "react";
import { ProblemAlert } from "../components/problem-alert";
import { mayBeSignedIn, useMe } from "./session";
import { Waiting } from "./waiting";

const loadFrame = () => import("./frame");
const loadSignIn = () => import("../pages/account/sign-in");
const Frame = lazy(loadFrame);
const SignInPage = lazy(loadSignIn);

/** Loads what `Shell` will probably show. */
export function preloadShell(): void {
  void (mayBeSignedIn() ? loadFrame() : loadSignIn());
}

/** The frame around a page, or the sign-in page. */
export function Shell() {
  const { data: me, error, refetch } = useMe();
  if (me !== undefined) {
    return <Suspense fallback={<Waiting />}>{me ? <Frame /> : <SignInPage />}</Suspense>;
  }
  if (error) {
    return (
      <Center mih="100dvh" p="md" component="main">
        <Stack>
          <Title order={1} size="h3">
            NEST-Haus
          </Title>
          <ProblemAlert problem={error} onRetry={() => void refetch()} />
        </Stack>
      </Center>
    );
  }
  return <Waiting />;
}
