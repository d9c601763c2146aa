import type { Host, Intake, Port, Accepted } from '../inbox/inbox.ts'

/**
 * Accepts in a transaction that the app opens and ends. Resolves once it has ended, so that a 200 is true: a COMMIT that
 * fails rejects the delivery. It rejects too if the delivery was not stored, or not before the transaction ended.
 */
export async function acceptWithin(
  port: Port,
  intake: Intake,
  host: Host,
): Promise<readonly Accepted[]> {
  let taken: readonly Accepted[] | undefined
  let failure: { readonly error: unknown } | undefined
  let begun = false
  await host.transaction!(async (within) => {
    if (begun) throw new Error('transaction: call accept once')
    begun = true
    try {
      taken = await port.accept(intake, { ...host, ...within })
    } catch (error) {
      failure = { error }
      throw error
    }
  })
  // An app that caught the error has stored nothing.
  if (failure) throw failure.error
  if (!taken)
    throw new Error(
      `transaction: ended ${begun ? 'before' : 'without'} accept; await accept(inTransaction(…)) in it`,
    )
  return taken
}
