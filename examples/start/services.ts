/** What the handlers call: the other systems of a shop. In the demonstration they print a line. */
export interface Services {
  /** Books what was paid or refunded. */
  readonly ledger: Service
  /** Writes to the customer. */
  readonly mail: Service
  /** Keeps the search of orders and issues up to date. */
  readonly search: Service
  /** Tells the team's chat. */
  readonly chat: Service
}

/** Does its work for one event, which the text describes, or throws. */
export type Service = (receiver: string, what: string) => void

/** Services that print what they were asked to do. */
export function printing(print: (receiver: string, line: string) => void): Services {
  const service =
    (name: string): Service =>
    (receiver, what) =>
      print(receiver, `${name}: ${what}`)
  return {
    ledger: service('ledger'),
    mail: service('mail'),
    search: service('search'),
    chat: service('chat'),
  }
}
