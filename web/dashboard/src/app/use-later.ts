// Components that are loaded when they are first wanted, by code that must not wait for them: menus and the like.

import { type ComponentType, useState } from "react";

/**
 * A component once it was wanted and is there (nothing before), and how to want it. Where it cannot be loaded, the
 * nearest boundary of errors shows that.
 */
export function useLater<Props>(
  load: () => Promise<{ default: ComponentType<Props> }>,
): [ComponentType<Props> | null, () => void] {
  const [Loaded, setLoaded] = useState<ComponentType<Props> | null>(null);
  const want = () => {
    load().then(
      ({ default: component }) => setLoaded(() => component),
      (failure: unknown) =>
        setLoaded(() => {
          throw failure;
        }),
    );
  };
  return [Loaded, want];
}
