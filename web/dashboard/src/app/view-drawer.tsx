// The drawer with range, zone, comparison and population. Loaded when it is opened.

import { Drawer, Group, Select, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTexts } from "../i18n/texts";
import { allZones, dayOf, startOfDay } from "../lib/zone";
import { useSetView, useView } from "./navigation";
import { shellTexts } from "./shell-texts";
import { COMPARISONS, NAMED_RANGES, POPULATIONS } from "./view";
import { comparisonChange, customRange, lastInstant, rangeChange } from "./view-changes";

const ZONES = allZones();

/** Everything about the view in one place. */
export default function ViewDrawer({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const t = useTexts(shellTexts).view;
  return (
    <Drawer opened={opened} onClose={onClose} title={t.title} position="right" size="sm">
      <ViewForm />
    </Drawer>
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
        onChange={(population) => population && setView({ population })}
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
