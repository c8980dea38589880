// The definition of a number, on demand.

import { ActionIcon } from "@mantine/core";
import { IconInfoCircle } from "@tabler/icons-react";
import type { Ref } from "react";
import { useLater } from "../app/use-later";
import { common } from "../i18n/common";
import { useTexts } from "../i18n/texts";
import type { ReportMeta } from "./watermark";

const loadPopover = () => import("./definition-popover");

/** What a definition says. */
export interface DefinitionProps {
  /** The number's name. */
  name: string;
  /** What is counted, divided and left out, in a sentence or two. */
  text: string;
  /** The `meta` of the report that the number is from; left out where its answer has none. */
  meta?: ReportMeta | undefined;
  /** When the number was read, where its answer says only that. */
  asOf?: string | undefined;
}

/** A small button that opens the definition: words, metric and version, population, period, watermark. */
export function Definition(props: DefinitionProps) {
  const [Popover, want] = useLater(loadPopover);
  return Popover ? <Popover {...props} /> : <DefinitionButton name={props.name} onClick={want} />;
}

/** The button alone. What else it is given goes to the button element. */
export function DefinitionButton(props: {
  name: string;
  onClick: () => void;
  ref?: Ref<HTMLButtonElement>;
}) {
  const t = useTexts(common).meta;
  const { name, ...rest } = props;
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size="sm"
      aria-label={t.about(name)}
      aria-haspopup="dialog"
      {...rest}
    >
      <IconInfoCircle size={16} aria-hidden />
    </ActionIcon>
  );
}
