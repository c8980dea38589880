// The header's pickers: range, zone, comparison and population. In little space they are in a drawer.

import { Button, SegmentedControl, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconCalendar } from "@tabler/icons-react";
import { lazy, Suspense } from "react";
import { useTexts } from "../i18n/texts";
import { useFormats, useSetView, useView } from "./navigation";
import { shellTexts } from "./shell-texts";
import { useEver } from "./use-ever";
import { NAMED_RANGES } from "./view";
import { lastInstant, rangeChange } from "./view-changes";

const ViewDrawer = lazy(() => import("./view-drawer"));

/** The pickers in the header: ranges beside a button for everything else. */
export function ViewControls() {
  const t = useTexts(shellTexts).view;
  const [opened, { open, close }] = useDisclosure();
  const wanted = useEver(opened);
  const view = useView();
  const setView = useSetView();
  const formats = useFormats();
  const range =
    view.timeRange === "custom" && view.from && view.to
      ? `${formats.dateShort(view.from)} – ${formats.dateShort(lastInstant(view.to))}`
      : t.longRanges[view.timeRange];
  return (
    <>
      <SegmentedControl
        visibleFrom="lg"
        size="xs"
        aria-label={t.range}
        value={view.timeRange}
        onChange={(value) => {
          setView(rangeChange(view, value));
          if (value === "custom") open();
        }}
        data={[...NAMED_RANGES, "custom" as const].map((value) => ({
          value,
          label: t.ranges[value],
        }))}
      />
      <Button
        variant="default"
        size="xs"
        leftSection={<IconCalendar size={16} aria-hidden />}
        onClick={open}
        aria-haspopup="dialog"
      >
        {range}
        <Text span size="xs" c="dimmed" ml={6} visibleFrom="sm">
          {view.tz}
        </Text>
      </Button>
      <Suspense fallback={null}>
        {wanted && <ViewDrawer opened={opened} onClose={close} />}
      </Suspense>
    </>
  );
}
