// What opens at first: the app, or, where nobody was signed in here, the sign-in page at once, without asking the server
// and without the app. Where that guess is wrong, the first touch of the page, or a sign-in in another tab, opens the app.

import { lazy, Suspense, useEffect, useState } from "react";
import SignInPage from "../pages/account/sign-in";
import { type Me, mayBeSignedIn, onSignedInElsewhere, readMe, rememberMe } from "./me";
import { Waiting } from "./waiting";

const loadApp = () => import("./app");
const loadFrame = () => import("./frame");
const App = lazy(loadApp);
/** Pages that mails link to; whoever opens them is not signed in. */
const ACCOUNT_PAGES = /^(invitation|forgot-password|reset-password)\/?$/;

const isOpenAtFirst = mayBeSignedIn() || ACCOUNT_PAGES.test(pathBelowBase());
if (isOpenAtFirst) void loadApp();
if (mayBeSignedIn()) void loadFrame();

/** The app, or the sign-in page until somebody is signed in. */
export function Door() {
  const [isOpen, setOpen] = useState(isOpenAtFirst);
  if (isOpen) {
    return (
      <Suspense fallback={<Waiting />}>
        <App />
      </Suspense>
    );
  }
  return <ClosedDoor open={() => setOpen(true)} />;
}

function ClosedDoor({ open }: { open: () => void }) {
  // biome-ignore lint/correctness/useExhaustiveDependencies: opening is the same at every rendering
  useEffect(() => {
    const touch = async () => {
      const me = await readMe().catch(() => null);
      if (me) open();
      void loadApp();
      void loadFrame();
    };
    document.addEventListener("focusin", touch, { once: true });
    const endListening = onSignedInElsewhere(open);
    return () => {
      document.removeEventListener("focusin", touch);
      endListening();
    };
  }, []);
  const signIn = (me: Me) => {
    rememberMe(me);
    open();
  };
  return <SignInPage onSignedIn={signIn} />;
}

function pathBelowBase(): string {
  return window.location.pathname.slice(import.meta.env.BASE_URL.length);
}
