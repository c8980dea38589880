// Who is signed in sees the frame with a page; nobody signed in sees the sign-in page here, so that the
// address stays and opens what it names afterwards.

import { Center, Stack, Title } from "@mantine/core";
import { lazy, Suspense } from "react";
import { ProblemAlert } from "../components/problem-alert";
import { useMe, useSignedIn } from "./session";
import { Waiting } from "./waiting";

const Frame = lazy(() => import("./frame"));
const SignInPage = lazy(() => import("../pages/account/sign-in"));

/** The frame around a page, or the sign-in page. */
export function Shell() {
  const { data: me, error, refetch } = useMe();
  const signedIn = useSignedIn();
  if (me !== undefined) {
    return (
      <Suspense fallback={<Waiting />}>
        {me ? <Frame /> : <SignInPage onSignedIn={signedIn} />}
      </Suspense>
    );
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
