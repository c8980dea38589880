// Who did something, for a reader.

import { useCallback } from "react";
import { common } from "../i18n/common";
import { useTexts } from "../i18n/texts";

/** Says who did something: an account by its address, the system and the command line in the reader's language. */
export function useActorName(): (actor: string) => string {
  const actors: Readonly<Record<string, string>> = useTexts(common).actors;
  return useCallback((actor) => actors[actor] ?? actor, [actors]);
}
