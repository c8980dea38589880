// Starts the dashboard: language, theme, and then the door.

import "./app/base-styles";
import { MantineProvider } from "@mantine/core";
import { StrictMode, useMemo } from "react";
import { createRoot } from "react-dom/client";
import { Door } from "./app/door";
import { cssVariables, makeTheme } from "./app/theme";
import { common } from "./i18n/common";
import { LanguageProvider } from "./i18n/language";
import { useTexts } from "./i18n/texts";

function Themed() {
  const { close, showPassword } = useTexts(common);
  const theme = useMemo(() => makeTheme({ close, showPassword }), [close, showPassword]);
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
      <Door />
    </MantineProvider>
  );
}

const root = document.getElementById("root");
if (!root) throw new Error("the page has no #root");
createRoot(root).render(
  <StrictMode>
    <LanguageProvider>
      <Themed />
    </LanguageProvider>
  </StrictMode>,
);
