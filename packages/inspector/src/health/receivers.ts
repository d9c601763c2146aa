import type { Context } from '../routes/context.ts'

/** A receiver's state, of this process or as far as the journal knows. */
export interface ReceiverState {
  readonly name: string
  readonly ok: boolean
  readonly inbox: string
  readonly lastDelivery: number | undefined
  /** Its `silence` option, in milliseconds. */
  readonly silence: number | undefined
}

/** The states of the receivers here, and of those that the inbox knows. */
export async function receiversOf(
  { receivers, inbox }: Context,
  known: readonly string[],
  only: string | undefined,
): Promise<readonly ReceiverState[]> {
  const here = receivers.filter(({ name }) => only === undefined || name === only)
  const others = known.filter((name) => !here.some((receiver) => receiver.name === name))
  return Promise.all([
    ...here.map(async (receiver) => {
      const { ok, cause, lastDelivery, silence } = await receiver.health()
      return { name: receiver.name, ok, inbox: cause ?? 'ok', lastDelivery, silence }
    }),
    ...others.map(async (name) => {
      const outcome = ['accepted', 'duplicate', 'unhandled'] as const
      const page = await inbox.journal?.deliveries({ receiver: name, outcome, limit: 1 })
      return { name, ok: true, inbox: 'ok', lastDelivery: page?.rows[0]?.at, silence: undefined }
    }),
  ])
}
