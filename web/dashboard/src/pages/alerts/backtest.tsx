// Tries a rule on what was recorded: how often it would have fired, and when.

import { NumberInput, Stack, Text } from "@mantine/core";
import { listOf, numberOf, type Schema, textOf } from "@nest-haus/api";
import type { EChartsCoreOption } from "echarts/core";
import { useCallback, useMemo } from "react";
import { useRead } from "../../api/hooks";
import { useFormats } from "../../app/navigation";
import { parseState, resetOf } from "../../app/page-state";
import { Chart, type ChartTable } from "../../components/chart";
import type { ChartLook } from "../../components/chart-look";
import { ChoiceSelect } from "../../components/choice-select";
import { Definition } from "../../components/definition";
import { FilterBar, TypedText } from "../../components/filter-bar";
import { Empty, QueryView } from "../../components/query-view";
import { Tile } from "../../components/tile";
import { useTexts } from "../../i18n/texts";
import { RuleSelect } from "./rule-select";
import { BACKTEST_DAYS, COOL_DOWN_MINUTES_MAX, trialFields, useAlertsState } from "./state";
import { texts } from "./texts";
import { useRuleWords, useUnitFormat } from "./words";

/** The rules that something is recorded for. */
export const BACKTESTED: readonly string[] = [
  "api_latency",
  "database_latency",
  "redis_latency",
  "error_rate",
  "error_budget",
  "configurator_load",
  "anomaly",
  "drop_to_zero",
];

const INCIDENTS_MAX = 200;
const AS_SET = parseState(trialFields, {});
const SYMBOLS = ["circle", "triangle", "rect", "diamond", "pin", "arrow"];

/** The part about back-tests. */
export function BacktestPart({ rules }: { rules: readonly Schema<"AlertRule">[] }) {
  const t = useTexts(texts).backtest;
  const [state] = useAlertsState();
  const rule = BACKTESTED.includes(state.rule) ? state.rule : "";
  return (
    <Stack gap="md">
      <Text size="sm" c="dimmed">
        {t.text}
      </Text>
      <Filters rules={rules} rule={rule} />
      {rule ? <Result rule={rule} /> : <Empty title={t.choose}>{t.notRecorded}</Empty>}
    </Stack>
  );
}

function Filters({ rules, rule }: { rules: readonly Schema<"AlertRule">[]; rule: string }) {
  const t = useTexts(texts);
  const [state, setState] = useAlertsState();
  const reset = resetOf(trialFields, state, setState);
  return (
    <FilterBar onReset={reset}>
      <RuleSelect
        rules={rules.filter((each) => BACKTESTED.includes(each.rule))}
        value={rule}
        onChange={(name) => setState({ ...AS_SET, rule: name })}
        every={t.backtest.choose}
      />
      <ChoiceSelect
        label={t.backtest.days}
        words={BACKTEST_DAYS}
        names={t.backtest.dayCounts}
        value={state.days}
        onChange={(days) => setState({ days })}
      />
      <TypedText
        key={`${rule} ${reset !== undefined}`}
        label={t.threshold}
        placeholder={t.backtest.asSet}
        inputMode="decimal"
        w={130}
        value={state.threshold}
        onChange={(threshold) => setState({ threshold: threshold.replace(",", ".") })}
      />
      <NumberInput
        label={t.countMin}
        placeholder={t.backtest.asSet}
        min={0}
        allowDecimal={false}
        w={130}
        value={state.countMin ?? ""}
        onChange={(value) => setState({ countMin: value === "" ? undefined : Number(value) })}
      />
      <NumberInput
        label={t.form.coolDown}
        placeholder={t.backtest.asSet}
        min={0}
        max={COOL_DOWN_MINUTES_MAX}
        allowDecimal={false}
        w={170}
        value={state.coolDownMinutes ?? ""}
        onChange={(value) =>
          setState({ coolDownMinutes: value === "" ? undefined : Number(value) })
        }
      />
    </FilterBar>
  );
}

function Result({ rule }: { rule: string }) {
  const [{ days, threshold, countMin, coolDownMinutes }] = useAlertsState();
  const asked = Number(threshold || Number.NaN);
  const backtest = useRead("/api/admin/alerts/backtest", {
    rule,
    days: Number(days),
    ...(Number.isFinite(asked) && asked >= 0 ? { threshold: asked } : {}),
    ...(countMin === undefined ? {} : { countMin }),
    ...(coolDownMinutes === undefined ? {} : { coolDownMinutes }),
  });
  return (
    <QueryView query={backtest} height={360}>
      {(data) => <Fired backtest={data} days={days} />}
    </QueryView>
  );
}

function Fired({ backtest, days }: { backtest: Schema<"Backtest">; days: string }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const words = useRuleWords();
  const write = useUnitFormat();
  const { fired, settings, unit, incidents } = backtest;
  const results = {
    0: t.backtest.resultNever(days),
    1: t.backtest.resultOnce(days),
  };
  const result =
    fired === 0 || fired === 1 ? results[fired] : t.backtest.result(formats.count(fired), days);
  return (
    <Tile
      title={words(backtest.rule).wrong}
      aside={
        <Definition
          name={words(backtest.rule).wrong}
          text={`${words(backtest.rule).means} ${t.backtest.about}`}
        />
      }
    >
      <Stack gap="xs">
        <Text fz={22} fw={650} role="status">
          {result}
        </Text>
        <Text size="sm" c="dimmed">
          {t.backtest.tried(
            write(settings.threshold, unit),
            formats.count(settings.countMin),
            formats.count(settings.coolDownMinutes),
          )}
          {". "}
          {t.lasted(formats.dateTime(backtest.from), formats.dateTime(backtest.to))}.
        </Text>
        {backtest.approx && <Text size="sm">{t.backtest.approx}</Text>}
        {incidents.length === INCIDENTS_MAX && <Text size="sm">{t.backtest.cut}</Text>}
        {incidents.length > 0 && <IncidentChart backtest={backtest} />}
      </Stack>
    </Tile>
  );
}

function IncidentChart({ backtest }: { backtest: Schema<"Backtest"> }) {
  const t = useTexts(texts);
  const formats = useFormats();
  const write = useUnitFormat();
  const { incidents, settings, unit, from, to } = backtest;
  const subjects = useMemo(
    () => [...new Set(incidents.map(({ subject }) => subject))],
    [incidents],
  );
  const option = useCallback(
    (look: ChartLook): EChartsCoreOption => ({
      grid: {
        left: 8,
        right: 24,
        top: subjects.length > 1 ? 36 : 20,
        bottom: 4,
        containLabel: true,
      },
      ...(subjects.length > 1 ? { legend: { top: 0, left: 0, type: "scroll" } } : {}),
      tooltip: {
        trigger: "item",
        confine: true,
        formatter: ({ value }: { value: unknown }) => {
          const [at, peak] = listOf(value);
          return `${formats.dateTime(textOf(at))}: ${write(numberOf(peak), unit)}`;
        },
      },
      xAxis: {
        type: "time",
        min: from,
        max: to,
        axisLabel: {
          hideOverlap: true,
          formatter: (at: number) => formats.dateShort(new Date(at).toISOString()),
        },
      },
      yAxis: { type: "value", min: 0, axisLabel: { formatter: (y: number) => write(y, unit) } },
      series: subjects.map((subject, index) => ({
        type: "scatter",
        name: subject || t.backtest.everything,
        symbol: SYMBOLS[index % SYMBOLS.length],
        symbolSize: 12,
        data: incidents
          .filter((incident) => incident.subject === subject)
          .map(({ startedAt, peak }) => [startedAt, peak]),
        ...(index === 0
          ? {
              markLine: {
                silent: true,
                symbol: "none",
                lineStyle: { color: look.dimmed, type: "dashed" },
                label: { color: look.text, position: "insideEndTop", formatter: t.threshold },
                data: [{ yAxis: settings.threshold }],
              },
            }
          : {}),
      })),
    }),
    [incidents, subjects, settings, unit, from, to, formats, write, t],
  );
  const table = useMemo<ChartTable>(
    () => ({
      columns: [
        { header: t.began },
        { header: t.ended },
        { header: t.backtest.subject },
        { header: t.peak, format: (peak) => write(peak, unit) },
        { header: t.cameBack, format: formats.count },
      ],
      rows: incidents.map(({ startedAt, resolvedAt, subject, peak, reopened }) => [
        formats.dateTime(startedAt),
        formats.dateTime(resolvedAt),
        subject || t.backtest.everything,
        peak,
        reopened,
      ]),
    }),
    [incidents, unit, formats, write, t],
  );
  return <Chart label={t.backtest.chart} option={option} table={table} height={260} />;
}
