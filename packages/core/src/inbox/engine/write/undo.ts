import { isPromise, type MaybePromise } from '../../../basics/maybe.ts'

/** Notes what is to be undone in memory if the transaction is rolled back, by whatever else is in it. */
export type Undo = (undo: () => void) => void

/** Undoes in memory what failed in the store. */
export function undone<T>(run: (undo: Undo) => MaybePromise<T>): MaybePromise<T> {
  const undos: (() => void)[] = []
  const failed = (error: unknown): never => {
    for (const undo of undos) undo()
    throw error
  }
  try {
    const made = run((undo) => void undos.push(undo))
    return isPromise(made) ? made.catch(failed) : made
  } catch (error) {
    return failed(error)
  }
}
