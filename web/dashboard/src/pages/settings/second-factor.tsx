// One's own second factor: set up, new recovery codes, switch off.

import { Badge, Button, Group, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { askAgain, useMe } from "../../app/session";
import { Tile } from "../../components/tile";
import { useTexts } from "../../i18n/texts";
import { BothFactors } from "./both-factors";
import { SetUpFactor } from "./set-up-factor";
import { texts } from "./texts";

type Dialogue = "set-up" | "renew" | "end";

/** Says whether it is on, and offers what can be done. */
export function SecondFactor() {
  const t = useTexts(texts).factor;
  const { data: me } = useMe();
  const queries = useQueryClient();
  const [dialogue, setDialogue] = useState<Dialogue>();
  const close = () => {
    setDialogue(undefined);
    askAgain(queries);
  };
  if (!me) return null;
  return (
    <Tile
      title={t.title}
      aside={
        <Badge variant={me.secondFactor ? "filled" : "outline"}>
          {me.secondFactor ? t.isOn : t.isOff}
        </Badge>
      }
    >
      <Text size="sm" c="dimmed" mb="sm">
        {t.text} {me.secondFactor && `${t.left(me.recoveryCodesLeft)}.`}
      </Text>
      <Group>
        {me.secondFactor ? (
          <>
            <Button variant="default" onClick={() => setDialogue("renew")}>
              {t.renew}
            </Button>
            <Button color="red.9" variant="outline" onClick={() => setDialogue("end")}>
              {t.end}
            </Button>
          </>
        ) : (
          <Button onClick={() => setDialogue("set-up")}>{t.begin}</Button>
        )}
      </Group>
      {dialogue === "set-up" && <SetUpFactor onClose={close} />}
      {(dialogue === "renew" || dialogue === "end") && (
        <BothFactors purpose={dialogue} onClose={close} />
      )}
    </Tile>
  );
}
