// Performance.

import { shellTexts } from "../../app/shell-texts";
import { Page } from "../../components/page";
import { useTexts } from "../../i18n/texts";

/** The page. */
export default function PerformancePage() {
  const t = useTexts(shellTexts);
  return <Page title={t.pages.performance} />;
}
