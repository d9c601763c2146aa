/** The shop's other systems, which the handlers call. In the demonstration they only print a line. */
export interface Services {
  /** Books payments and refunds. */
  readonly ledger: Service
  /** Sends email to the customer. */
  readonly mail: Service
  /** Keeps the search index of orders and issues up to date. */
  readonly search: Service
  /** Posts to the team's chat. */
  readonly chat: Service
}

/** Does its work for one event, which `what` describes, or throws. */
export type Service = (receiver: string, what: string) => void

/** Creates services that only print what they are asked to do. */
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
