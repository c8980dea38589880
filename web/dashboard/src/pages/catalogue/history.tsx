// Every version of the catalogue with what it changed; drafts are published and old versions restored here.

import { Badge, Button, Collapse, Group, Paper, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import type { Schema } from "@nest-haus/api";
import { useReadPages } from "../../api/pages";
import { useFormats } from "../../app/navigation";
import { useMay } from "../../app/session";
import { useActorName } from "../../components/actor-name";
import { MoreButton } from "../../components/more-button";
import { ProblemAlert } from "../../components/problem-alert";
import { common } from "../../i18n/common";
import { useTexts } from "../../i18n/texts";
import { ChangesTable } from "./changes";
import type { Names } from "./names";
import { texts } from "./texts";

type Version = Schema<"HistoryVersion">;

const PATH = "/api/admin/catalog/history";
const PAGE = 20;

/** What can be done with a version. */
export interface HistoryActions {
  /** Shows its prices. */
  onShow: (version: number) => void;
  /** Reviews a draft, to publish it. */
  onPublish: (draft: number) => void;
  /** Asks whether to put it in force again. */
  onRollBack: (version: number) => void;
}

/** The versions, newest first, page after page. */
export function History({ names, ...actions }: HistoryActions & { names: Names }) {
  const t = useTexts(texts);
  const { more } = useTexts(common);
  const query = useReadPages(PATH, { limit: PAGE }, ({ nextBefore: before }) =>
    before ? { before } : undefined,
  );
  const versions = query.data?.pages.flatMap((page) => page.versions);
  if (query.error) {
    return <ProblemAlert problem={query.error} onRetry={() => void query.refetch()} />;
  }
  return (
    <Stack component="section" aria-label={t.tabs.history} aria-busy={query.isFetching}>
      {versions?.map((version) => (
        <VersionCard key={version.version} version={version} names={names} {...actions} />
      ))}
      <MoreButton query={query} label={more} />
    </Stack>
  );
}

function VersionCard({
  version,
  names,
  ...actions
}: HistoryActions & { version: Version; names: Names }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const actorName = useActorName();
  const [opened, { toggle }] = useDisclosure(false);
  const { createdBy, createdAt, publishedBy, publishedAt, effectiveFrom, supersededAt } = version;
  const facts = [
    t.madeBy(actorName(createdBy), formats.dateTime(createdAt)),
    publishedAt && publishedBy !== createdBy
      ? t.publishedBy(publishedBy ? actorName(publishedBy) : "–", formats.dateTime(publishedAt))
      : "",
    effectiveFrom ? t.inForceFrom(formats.dateTime(effectiveFrom)) : "",
    supersededAt ? t.supersededAt(formats.dateTime(supersededAt)) : "",
    version.baseVersion ? t.madeFrom(version.baseVersion) : "",
  ].filter(Boolean);
  return (
    <Paper component="article" withBorder p="md" bg="var(--nest-surface)">
      <Group justify="space-between" align="flex-start">
        <div>
          <Group gap="xs">
            <Text component="h2" fw={650}>
              {t.versionName(version.version)}
            </Text>
            <StateBadge state={version.state} />
          </Group>
          {version.note && <Text size="sm">{version.note}</Text>}
          <Text size="xs" c="dimmed">
            {facts.join(" · ")}
          </Text>
        </div>
        <VersionActions version={version} {...actions} />
      </Group>
      {version.changeCount > 0 && (
        <>
          <Button
            my="xs"
            size="compact-sm"
            variant="subtle"
            aria-expanded={opened}
            onClick={toggle}
          >
            {opened ? t.hideChanges : t.showChanges(version.changeCount)}
          </Button>
          <Collapse expanded={opened}>
            {opened && (
              <ChangesTable
                changes={version.changes}
                names={names}
                label={t.changesOf(version.version)}
              />
            )}
            {version.changes.length < version.changeCount && (
              <Text size="xs" c="dimmed">
                {t.moreChanges(version.changeCount - version.changes.length)}
              </Text>
            )}
          </Collapse>
        </>
      )}
    </Paper>
  );
}

function VersionActions({ version, ...actions }: HistoryActions & { version: Version }) {
  const t = useTexts(texts);
  const mayWrite = useMay("catalog:write");
  const { state, version: number } = version;
  return (
    <Group gap="xs">
      <Button size="xs" variant="default" onClick={() => actions.onShow(number)}>
        {t.showPrices}
      </Button>
      {mayWrite && state === "draft" && (
        <Button size="xs" onClick={() => actions.onPublish(number)}>
          {t.publishDraft}
        </Button>
      )}
      {mayWrite && state === "superseded" && (
        <Button size="xs" variant="default" onClick={() => actions.onRollBack(number)}>
          {t.rollBack}
        </Button>
      )}
    </Group>
  );
}

/** What a version is now. */
export function StateBadge({ state }: { state: string }) {
  const t = useTexts(texts);
  const names: Readonly<Record<string, string>> = t.states;
  const isInForce = state === "published";
  return <Badge variant={isInForce ? "filled" : "outline"}>{names[state] ?? state}</Badge>;
}
