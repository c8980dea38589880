// How everything looks: Mantine's theme with colours that keep WCAG's contrast, light and dark.

import {
  type CSSVariablesResolver,
  createTheme,
  type MantineColorsTuple,
  type MantineThemeOverride,
} from "@mantine/core";

const petrol: MantineColorsTuple = [
  "#e8f6f8",
  "#d3e9ed",
  "#a5d3db",
  "#74bcc9",
  "#4ca8b9",
  "#2f98ab",
  "#1b8598",
  "#0b6c7d",
  "#0b5563",
  "#063f4a",
];

const SYSTEM_FONTS =
  "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', Arial, sans-serif";

/** The theme of the dashboard. `labels` name buttons of Mantine's own, for screen readers. */
export function makeTheme(labels: { close: string; showPassword: string }): MantineThemeOverride {
  const closable = { closeButtonProps: { "aria-label": labels.close } };
  // A dialogue's `header` element would count as a second banner of the page.
  const dialogue = { ...closable, attributes: { header: { role: "presentation" } } };
  // Lists scroll by themselves: the scroll area around them could not be reached by keyboard.
  const list = {
    withScrollArea: false,
    styles: { options: { maxHeight: 240, overflowY: "auto" } },
  };
  return createTheme({
    primaryColor: "petrol",
    primaryShade: { light: 7, dark: 7 },
    colors: { petrol },
    fontFamily: SYSTEM_FONTS,
    headings: { fontFamily: SYSTEM_FONTS, fontWeight: "650" },
    defaultRadius: "md",
    cursorType: "pointer",
    respectReducedMotion: true,
    // Not by `extend`: that would load all of them with the sign-in page.
    components: {
      Autocomplete: { defaultProps: list },
      Drawer: { defaultProps: dialogue },
      Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
      Modal: { defaultProps: dialogue },
      MultiSelect: { defaultProps: list },
      Notification: { defaultProps: closable },
      PasswordInput: {
        defaultProps: { visibilityToggleButtonProps: { "aria-label": labels.showPassword } },
      },
      Select: { defaultProps: list },
      Tooltip: { defaultProps: { events: { hover: true, focus: true, touch: true } } },
    },
  });
}

/** Mantine's greys and reds for small texts are too pale for WCAG AA: these are not. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-dimmed": "#4d555e",
    "--mantine-color-error": "#b3261e",
    "--mantine-color-placeholder": "#5f6872",
    "--mantine-color-anchor": "#0b5563",
    "--mantine-color-body": "#f7f8f9",
    "--nest-surface": "#ffffff",
    "--nest-line": "var(--mantine-color-gray-3)",
    "--nest-pointed": "var(--mantine-color-gray-1)",
    "--nest-up": "#14692f",
    "--nest-down": "#a3261c",
  },
  dark: {
    "--mantine-color-dimmed": "#b4bac1",
    "--mantine-color-error": "#ff9d94",
    "--mantine-color-placeholder": "#9aa2aa",
    "--mantine-color-anchor": "#74bcc9",
    "--nest-surface": "#2b2b2b",
    "--nest-line": "var(--mantine-color-dark-4)",
    "--nest-pointed": "var(--mantine-color-dark-5)",
    "--nest-up": "#7dd69a",
    "--nest-down": "#ff9d94",
  },
});
