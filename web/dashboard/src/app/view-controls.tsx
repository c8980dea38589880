// The header's pickers: range, zone, comparison and population. In little space they are in a drawer.

import {
  Button,
  Drawer,
  Group,
  SegmentedControl,
  Select,
  Stack,
  Text,
  TextInput,
} from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconCalendar } from "@tabler/icons-react";
import { useState } from "react";
import { useTexts } from "../i18n/texts";
import { addDays, allZones, dayOf, startOfDay } from "../lib/zone";
import { useFormats, useSetView, useView } from "./navigation";
import { shellTexts } from "./shell-texts";
import { COMPARISONS, NAMED_RANGES, oneOf, POPULATIONS, type View } from "./view";

const ZONES = allZones();
const CUSTOM_DAYS = 14;

/** The pickers in the header: ranges beside a button for everything else. */
export function ViewControls() {
  const t = useTexts(shellTexts).view;
  const [opened, { open, close }] = useDisclosure();
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
        onChange={(value) => setView(rangeChange(view, value))}
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
      <Drawer opened={opened} onClose={close} title={t.title} position="right" size="sm">
        <ViewForm />
      </Drawer>
    </>
  );
}

function ViewForm() {
  const t = useTexts(shellTexts).view;
  const view = useView();
  const setView = useSetView();
  return (
    <Stack>
      <Select
        label={t.range}
        allowDeselect={false}
        value={view.timeRange}
        onChange={(value) => setView(rangeChange(view, value))}
        data={[...NAMED_RANGES, "custom" as const].map((value) => ({
          value,
          label: t.longRanges[value],
        }))}
      />
      {view.timeRange === "custom" && <CustomRange key={`${view.from}/${view.to}/${view.tz}`} />}
      <Select
        label={t.zone}
        searchable
        allowDeselect={false}
        limit={60}
        nothingFoundMessage={t.noZone}
        value={view.tz}
        onChange={(tz) => tz && setView({ tz })}
        data={ZONES.includes(view.tz) ? ZONES : [view.tz, ...ZONES]}
      />
      <Select
        label={t.compare}
        allowDeselect={false}
        value={view.compare}
        onChange={(value) => setView(comparisonChange(view, value))}
        data={COMPARISONS.map((value) => ({ value, label: t.comparisons[value] }))}
      />
      {view.compare === "custom" && view.compareFrom && (
        <TextInput
          type="date"
          label={t.compareFrom}
          value={dayOf(view.compareFrom, view.tz)}
          onChange={({ currentTarget: { value } }) =>
            value && setView({ compareFrom: startOfDay(value, view.tz) })
          }
        />
      )}
      <Select
        label={t.population}
        allowDeselect={false}
        value={view.population}
        onChange={(value) => {
          const population = oneOf(POPULATIONS, value ?? undefined);
          if (population) setView({ population });
        }}
        data={POPULATIONS.map((value) => ({ value, label: t.populations[value] }))}
      />
    </Stack>
  );
}

/** First and last day of a custom range; it holds once the last is not before the first. */
function CustomRange() {
  const t = useTexts(shellTexts).view;
  const view = useView();
  const setView = useSetView();
  const [first, setFirst] = useState(view.from ? dayOf(view.from, view.tz) : "");
  const [last, setLast] = useState(view.to ? dayOf(lastInstant(view.to), view.tz) : "");
  const change = (newFirst: string, newLast: string) => {
    setFirst(newFirst);
    setLast(newLast);
    if (newFirst && newLast && newFirst <= newLast)
      setView(customRange(newFirst, newLast, view.tz));
  };
  return (
    <Group grow align="flex-start">
      <TextInput
        type="date"
        label={t.from}
        value={first}
        max={last}
        onChange={(event) => change(event.currentTarget.value, last)}
      />
      <TextInput
        type="date"
        label={t.to}
        value={last}
        min={first}
        onChange={(event) => change(first, event.currentTarget.value)}
      />
    </Group>
  );
}

function rangeChange(view: View, value: string | null): Partial<View> {
  const timeRange = oneOf(NAMED_RANGES, value ?? undefined);
  if (timeRange) return { timeRange };
  const today = dayOf(new Date().toISOString(), view.tz);
  return customRange(addDays(today, 1 - CUSTOM_DAYS), today, view.tz);
}

function comparisonChange(view: View, value: string | null): Partial<View> {
  const compare = oneOf(COMPARISONS, value ?? undefined) ?? "previous";
  if (compare !== "custom") return { compare };
  const start = view.from ?? new Date().toISOString();
  return { compare, compareFrom: startOfDay(addDays(dayOf(start, view.tz), -365), view.tz) };
}

function customRange(first: string, last: string, tz: string): Partial<View> {
  return {
    timeRange: "custom",
    from: startOfDay(first, tz),
    to: startOfDay(addDays(last, 1), tz),
  };
}

/** Ranges are half open: the last instant in one that ends at `to`. */
function lastInstant(to: string): string {
  return new Date(Date.parse(to) - 1).toISOString();
}
