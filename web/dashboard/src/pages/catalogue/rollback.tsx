// Puts an earlier catalogue in force again, after showing what that changes.

import { Modal, Skeleton, Stack, Text, TextInput } from "@mantine/core";
import type { Problem, Schema } from "@nest-haus/api";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../api/client";
import { read, useChange } from "../../api/hooks";
import { DialogueActions } from "../../components/dialogue-actions";
import { ProblemAlert } from "../../components/problem-alert";
import { useTexts } from "../../i18n/texts";
import { Conflict } from "./conflict";
import { putCatalogue } from "./edit";
import type { Names } from "./names";
import { Outcome, Scheduled, useSavedMessage } from "./review";
import { texts } from "./texts";

/** A dialogue: what the return would change, why, and one button. */
export function RollBack(props: {
  toVersion: number;
  expectedVersion: number;
  names: Names;
  onClose: () => void;
  onTakeOver: () => void;
}) {
  const t = useTexts(texts);
  const { toVersion, expectedVersion, names, onClose } = props;
  const [note, setNote] = useState("");
  const [scheduled, setScheduled] = useState<Schema<"Scheduled">>("refuse");
  const saved = useSavedMessage();
  const dryRun = useQuery<Schema<"CatalogueEdit">, Problem>({
    queryKey: ["catalogue roll back dry run", toVersion, expectedVersion],
    queryFn: async ({ signal }) => {
      const { catalogue } = await read("/api/admin/catalog", { version: toVersion }, signal);
      const options = { expectedVersion, dryRun: true, acceptRemovals: true };
      return putCatalogue({ kind: "catalogue", catalogue }, options);
    },
    gcTime: 0,
    staleTime: 0,
  });
  const rollBack = useChange(async () => {
    const body = { toVersion, expectedVersion, scheduled, note: note.trim() };
    const { data } = await api.POST("/api/admin/catalog/rollback", { body });
    if (data) saved(data);
    onClose();
  }, ["/api/admin/catalog", "/api/admin/catalog/history"]);
  const problem = rollBack.error ?? dryRun.error;
  const isUnchanged = problem?.errors.some(({ code }) => code === "unchanged") ?? false;
  return (
    <Modal opened onClose={onClose} title={t.rollBackTitle(toVersion)} size="xl">
      <Stack>
        <Text size="sm">{t.rollBackText}</Text>
        {problem?.status === 409 && (
          <Conflict problem={problem} names={names} onTakeOver={props.onTakeOver} />
        )}
        {isUnchanged && <Text>{t.unchanged}</Text>}
        {problem && problem.status !== 409 && !isUnchanged && <ProblemAlert problem={problem} />}
        {dryRun.isPending && (
          <div role="status" aria-label={t.trying}>
            <Skeleton height={200} />
          </div>
        )}
        {dryRun.data && <Outcome edit={dryRun.data} names={names} />}
        {(dryRun.data?.scheduled.length ?? 0) > 0 && (
          <Scheduled value={scheduled} onChange={setScheduled} />
        )}
        <TextInput
          label={t.note}
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
        />
        <DialogueActions
          action={t.rollBack}
          onCancel={onClose}
          onConfirm={() => rollBack.mutate(undefined)}
          isBusy={rollBack.isPending}
          disabled={!dryRun.data}
          danger
        />
      </Stack>
    </Modal>
  );
}
