// Where the focus goes when another page shows.

import { type RefObject, useEffect, useRef } from "react";

let isFirst = true;

/**
 * For a page's heading: it takes the focus when it shows, so that screen readers say where one is. The
 * first page after loading leaves the focus where the browser put it.
 */
export function useFocusOnArrival(): RefObject<HTMLHeadingElement | null> {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (!isFirst) heading.current?.focus({ preventScroll: true });
    return () => {
      isFirst = false;
    };
  }, []);
  return heading;
}
