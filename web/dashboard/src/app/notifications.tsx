// Where pages' notifications show. Loaded with the first of them.

import { Notifications } from "@mantine/notifications";

/** The notifications, in the corner. */
export default function CornerNotifications() {
  return <Notifications position="bottom-right" />;
}
