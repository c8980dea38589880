// A popup that takes the place of the button by which it was wanted.

import { type RefObject, useEffect, useRef, useState } from "react";

/** Opens a popup when it shows first, after its button has the focus, which returns there when it is closed. */
export function useOpenedFirst(): {
  button: RefObject<HTMLButtonElement | null>;
  opened: boolean;
  setOpened: (opened: boolean) => void;
} {
  const button = useRef<HTMLButtonElement>(null);
  const [opened, setOpened] = useState(false);
  useEffect(() => {
    button.current?.focus();
    setOpened(true);
  }, []);
  return { button, opened, setOpened };
}
