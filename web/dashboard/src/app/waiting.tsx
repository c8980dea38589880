// What shows while something is loaded that nothing can be said about yet.

import { Center, Loader } from "@mantine/core";
import { common } from "../i18n/common";
import { useTexts } from "../i18n/texts";

/** A spinner. */
export function Waiting() {
  const t = useTexts(common);
  return (
    <Center mih="40dvh">
      <Loader aria-label={t.loading} role="status" />
    </Center>
  );
}
