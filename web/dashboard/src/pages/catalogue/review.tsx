// What a change would do, before anything is saved; then when it comes into force, and why.

import {
  Badge,
  Checkbox,
  Group,
  Modal,
  SegmentedControl,
  Select,
  Skeleton,
  Stack,
  Text,
  Textarea,
  TextInput,
} from "@mantine/core";
import { notifications } from "@mantine/notifications";
import type { Problem, Schema } from "@nest-haus/api";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useChange } from "../../api/hooks";
import { useFormats } from "../../app/navigation";
import { DialogueActions } from "../../components/dialogue-actions";
import { ProblemAlert } from "../../components/problem-alert";
import { useTexts } from "../../i18n/texts";
import { ownZone } from "../../lib/zone";
import { ChangesTable, EffectTable } from "./changes";
import { Conflict } from "./conflict";
import { type EditOptions, putCatalogue, type Source } from "./edit";
import type { Names } from "./names";
import { texts } from "./texts";

const WHEN = ["now", "later", "draft"] as const;
const SCHEDULED = ["refuse", "keep", "withdraw"] as const;
const NOTE_MAX = 1000;

/** What is reviewed. */
export interface ReviewProps {
  source: Source;
  /** The latest version that the editor saw. */
  expectedVersion: number;
  names: Names;
  onClose: () => void;
  /** Goes on upon what somebody else published meanwhile. */
  onTakeOver: () => void;
  onSaved: () => void;
}

interface Choice {
  when: (typeof WHEN)[number];
  /** Local date and time, as the browser's field writes it. */
  at: string;
  scheduled: (typeof SCHEDULED)[number];
  acceptRemovals: boolean;
  note: string;
}

/** A dialogue: the dry run's answer, the choices, one button that saves. */
export function Review(props: ReviewProps) {
  const t = useTexts(texts);
  const { source, expectedVersion, names } = props;
  const [choice, setChoice] = useState<Choice>({
    when: "now",
    at: "",
    scheduled: "refuse",
    acceptRemovals: false,
    note: "",
  });
  const change = (part: Partial<Choice>) => setChoice((before) => ({ ...before, ...part }));
  const options = optionsOf(choice, expectedVersion);
  const { note, ...tried } = options;
  const dryRun = useQuery<Schema<"CatalogueEdit">, Problem>({
    queryKey: ["catalogue dry run", source, tried],
    queryFn: () => putCatalogue(source, { ...tried, dryRun: true }),
    placeholderData: keepPreviousData,
    gcTime: 0,
    staleTime: 0,
  });
  const save = useChange(
    () => putCatalogue(source, options),
    ["/api/admin/catalog", "/api/admin/catalog/history"],
  );
  const saved = useSavedMessage();
  const submit = () =>
    save.mutate(undefined, {
      onSuccess: (edit) => {
        saved(edit);
        props.onSaved();
      },
    });
  const isComplete = choice.when !== "later" || options.effectiveFrom !== undefined;
  const edit = dryRun.isError ? undefined : dryRun.data;
  return (
    <Modal opened onClose={props.onClose} title={t.review} size="xl">
      <Stack>
        <ReviewProblem problem={save.error ?? dryRun.error} {...props} />
        {dryRun.isPending && (
          <div role="status" aria-label={t.trying}>
            <Skeleton height={200} />
          </div>
        )}
        {edit && <Outcome edit={edit} names={names} />}
        <Choices
          choice={choice}
          change={change}
          canDraft={source.kind !== "draft"}
          hasScheduled={(edit?.scheduled.length ?? 0) > 0}
          offersRemovals={choice.acceptRemovals || wantsRemovals(dryRun.error)}
        />
        <DialogueActions
          action={t.actions[choice.when]}
          onCancel={props.onClose}
          onConfirm={submit}
          isBusy={save.isPending}
          disabled={!edit || !isComplete || dryRun.isPlaceholderData}
        />
      </Stack>
    </Modal>
  );
}

function ReviewProblem(props: ReviewProps & { problem: Problem | null }) {
  const t = useTexts(texts);
  const { problem } = props;
  if (!problem) return null;
  if (problem.status === 409) {
    return <Conflict problem={problem} names={props.names} onTakeOver={props.onTakeOver} />;
  }
  if (problem.errors.some(({ code }) => code === "unchanged")) return <Text>{t.unchanged}</Text>;
  return <ProblemAlert problem={problem} />;
}

/** What changes, and what popular configurations cost. */
export function Outcome({ edit, names }: { edit: Schema<"CatalogueEdit">; names: Names }) {
  const t = useTexts(texts);
  return (
    <>
      <Text size="sm">{t.against(edit.changes.length, edit.baseVersion)}</Text>
      <ChangesTable changes={edit.changes} names={names} />
      {edit.effect.length > 0 && (
        <>
          <div>
            <Text fw={600}>{t.effect}</Text>
            <Text size="sm" c="dimmed">
              {t.effectText}
            </Text>
          </div>
          <EffectTable effect={edit.effect} names={names} />
        </>
      )}
      {edit.scheduled.length > 0 && (
        <Group gap="xs">
          <Text size="sm">{t.laterLists}</Text>
          {edit.scheduled.map((version) => (
            <Badge key={version} variant="outline">
              {t.versionName(version)}
            </Badge>
          ))}
        </Group>
      )}
    </>
  );
}

function Choices(props: {
  choice: Choice;
  change: (part: Partial<Choice>) => void;
  canDraft: boolean;
  hasScheduled: boolean;
  offersRemovals: boolean;
}) {
  const t = useTexts(texts);
  const { choice, change } = props;
  const whens = WHEN.filter((when) => props.canDraft || when !== "draft");
  return (
    <>
      <SegmentedControl
        aria-label={t.when}
        value={choice.when}
        onChange={(when) => change({ when })}
        data={whens.map((value) => ({ value, label: t.whens[value] }))}
      />
      {choice.when === "later" && (
        <TextInput
          type="datetime-local"
          label={t.at}
          description={t.atHint(ownZone())}
          value={choice.at}
          onChange={(event) => change({ at: event.currentTarget.value })}
          required
        />
      )}
      {props.hasScheduled && choice.when !== "draft" && (
        <Scheduled value={choice.scheduled} onChange={(scheduled) => change({ scheduled })} />
      )}
      {props.offersRemovals && (
        <Checkbox
          label={t.acceptRemovals}
          checked={choice.acceptRemovals}
          onChange={(event) => change({ acceptRemovals: event.currentTarget.checked })}
        />
      )}
      <Textarea
        label={t.note}
        placeholder={t.noteHint}
        value={choice.note}
        maxLength={NOTE_MAX}
        autosize
        onChange={(event) => change({ note: event.currentTarget.value })}
      />
    </>
  );
}

/** What becomes of lists that are published and not yet in force. */
export function Scheduled(props: {
  value: (typeof SCHEDULED)[number];
  onChange: (value: (typeof SCHEDULED)[number]) => void;
}) {
  const t = useTexts(texts);
  return (
    <Select
      label={t.scheduled}
      allowDeselect={false}
      value={props.value}
      data={SCHEDULED.map((value) => ({ value, label: t.scheduledChoices[value] }))}
      onChange={(value) => value && props.onChange(value)}
    />
  );
}

/** Says what was saved. */
export function useSavedMessage(): (edit: Schema<"CatalogueEdit">) => void {
  const t = useTexts(texts);
  const formats = useFormats();
  return ({ version, effectiveFrom, withdrawn }) => {
    const done = effectiveFrom
      ? t.published(version ?? 0, formats.dateTime(effectiveFrom))
      : t.kept(version ?? 0);
    const gone = withdrawn.length > 0 ? ` ${t.withdrawnNow(withdrawn.join(", "))}` : "";
    notifications.show({ color: "green", message: done + gone });
  };
}

function optionsOf(choice: Choice, expectedVersion: number): EditOptions {
  const { when, at, scheduled, acceptRemovals, note } = choice;
  const instant = new Date(at);
  const isInstant = !Number.isNaN(instant.getTime());
  return {
    expectedVersion,
    dryRun: false,
    note: note.trim(),
    ...(when === "draft" ? { draft: true } : {}),
    ...(when === "later" && isInstant ? { effectiveFrom: instant.toISOString() } : {}),
    ...(scheduled === "refuse" ? {} : { scheduled }),
    ...(acceptRemovals ? { acceptRemovals } : {}),
  };
}

function wantsRemovals(problem: Problem | null): boolean {
  return problem?.errors.some(({ message }) => message.includes("acceptRemovals")) ?? false;
}
