// The button that reads the next page of something.

import { Button } from "@mantine/core";

/** The button; nothing where all is read. */
export function MoreButton(props: {
  label: string;
  query: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
}) {
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = props.query;
  if (!hasNextPage) return null;
  return (
    <Button
      variant="default"
      loading={isFetchingNextPage}
      style={{ alignSelf: "flex-start" }}
      onClick={() => void fetchNextPage()}
    >
      {props.label}
    </Button>
  );
}
