import type { Host, Intake, Port, Accepted } from '../inbox/inbox.ts'

/** Accepts in the app's transaction. It resolves after its end, and rejects if the COMMIT fails, so that a 200 is true. */
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
