import type { Host, Intake, Port, Accepted } from '../inbox/inbox.ts'

/**
 * Stores the events in the app's transaction. Resolves after the COMMIT and rejects if the COMMIT fails, so that the
 * sender gets a 200 only for stored events.
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
    if (begun) throw new Error('transaction: accept was called twice; call accept only once')
    begun = true
    try {
      taken = await port.accept(intake, { ...host, ...within })
    } catch (error) {
      failure = { error }
      throw error
    }
  })
  // The app may have caught this error, but nothing was stored. So the sender must not get a 200.
  if (failure) throw failure.error
  if (!taken)
    throw new Error(
      `the transaction ended ${begun ? 'before accept was done' : 'without accept'}; await accept(inTransaction(…)) inside the transaction`,
    )
  return taken
}
