// How charts look, light and dark, in colours that colour-blind readers can tell apart.

import { useComputedColorScheme } from "@mantine/core";
import { useReducedMotion } from "@mantine/hooks";
import { useMemo } from "react";

/** Colours and habits of charts. */
export interface ChartLook {
  dark: boolean;
  /** Colours of series, in their order (Okabe and Ito), with contrast to the background. */
  palette: readonly string[];
  /** From little to much, for maps. */
  scale: readonly string[];
  text: string;
  dimmed: string;
  line: string;
  surface: string;
  animate: boolean;
}

// Okabe and Ito, ordered so that neighbours differ in lightness too. Yellow is for dark grounds only.
const LIGHT = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#b58900", "#000000"];
const DARK = ["#56b4e9", "#e69f00", "#2fc79b", "#cc79a7", "#f0e442", "#d98a4f", "#ffffff"];

// Cividis, which reads the same for everybody and in print.
const SCALE = ["#00224e", "#35456c", "#666970", "#948e77", "#c8b866", "#fee838"];

/** The look of charts now. */
export function useChartLook(): ChartLook {
  const dark = useComputedColorScheme("light") === "dark";
  const animate = !useReducedMotion();
  return useMemo(
    () => ({
      dark,
      animate,
      palette: dark ? DARK : LIGHT,
      scale: SCALE,
      text: dark ? "#e3e5e8" : "#22262a",
      dimmed: dark ? "#b4bac1" : "#4d555e",
      line: dark ? "#45484c" : "#dde1e5",
      surface: dark ? "#2b2b2b" : "#ffffff",
    }),
    [dark, animate],
  );
}

/** The look as a theme of ECharts. */
export function chartTheme(look: ChartLook): object {
  const axis = {
    axisLine: { lineStyle: { color: look.line } },
    axisTick: { lineStyle: { color: look.line } },
    axisLabel: { color: look.dimmed },
    nameTextStyle: { color: look.dimmed },
    splitLine: { lineStyle: { color: look.line } },
  };
  return {
    color: look.palette,
    backgroundColor: "transparent",
    textStyle: { color: look.text, fontFamily: "system-ui, sans-serif" },
    legend: { textStyle: { color: look.text }, pageTextStyle: { color: look.text } },
    tooltip: {
      backgroundColor: look.surface,
      borderColor: look.line,
      textStyle: { color: look.text },
    },
    categoryAxis: { ...axis, splitLine: { show: false } },
    valueAxis: axis,
    logAxis: axis,
    timeAxis: axis,
    visualMap: { textStyle: { color: look.text } },
  };
}
