// A tooltip that is loaded when it is first wanted.

import { cloneElement, type ReactElement, useRef, useState } from "react";
import { useLater } from "../app/use-later";

const loadTooltip = () => import("./hint-tooltip");

interface Pointed {
  onPointerEnter?: () => void;
  onPointerLeave?: () => void;
  onFocus?: () => void;
  onBlur?: () => void;
  onKeyDown?: (event: { key: string }) => void;
  ref?: (element: HTMLElement | null) => void;
}

/** Shows `label` beside its child, a button, while that has the pointer or the focus; Escape takes it away. */
export function Hint({ label, children }: { label: string; children: ReactElement<Pointed> }) {
  const target = useRef<HTMLElement | null>(null);
  const [opened, setOpened] = useState(false);
  const [Tooltip, want] = useLater(loadTooltip);
  const open = () => {
    want();
    setOpened(true);
  };
  const close = () => setOpened(false);
  return (
    <>
      {cloneElement(children, {
        onPointerEnter: open,
        onPointerLeave: close,
        onFocus: open,
        onBlur: close,
        onKeyDown: ({ key }) => key === "Escape" && close(),
        ref: (element) => {
          target.current = element;
        },
      })}
      {Tooltip && <Tooltip label={label} target={target} opened={opened} />}
    </>
  );
}
