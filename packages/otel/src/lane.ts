/** The attributes of a subscription. */
export function laneOf(of: {
  readonly receiver: string
  readonly subscription: string
}): Record<string, string> {
  return {
    'messaging.destination.name': of.receiver,
    'messaging.consumer.group.name': of.subscription,
  }
}
