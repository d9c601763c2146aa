import { within } from '../../../basics/deadline.ts'
import { WebhookError } from '../../../errors.ts'
import type { Intake } from '../../inbox.ts'
import type { SideParts } from '../parts.ts'

/** What deliveries need before they can be stored. */
type Needs = Pick<SideParts, 'store' | 'settings' | 'numbers' | 'lanes'>

// Milliseconds until what the first delivery needs is tried again, if another writer held it up.
const BUSY = 8

/** The first delivery makes what all need: the store is open, there are numbers, and its subscriptions have lanes. */
export async function prepareStore(
  needs: Needs,
  { items }: Intake,
  deadline: number,
): Promise<void> {
  const { store, settings, lanes } = needs
  const names = items.flatMap(({ tasks }) => tasks.map(({ subscription }) => subscription))
  let held: unknown
  const late = (): Error =>
    held !== undefined
      ? store.rejection(held)
      : new WebhookError(
          'inbox_unavailable',
          `${store.name}: no answer within its deadline of ${settings.deadline} ms: raise deadline, or look at the store`,
        )
  const made = async (): Promise<void> => {
    await openStore(needs)
    await lanes.ensure(names)
  }
  // It waits for other writers, as a batch does.
  const patient = async (): Promise<void> => {
    try {
      await made()
    } catch (error) {
      if (store.fault(error) !== 'again') throw error
      held = error
      if (performance.now() >= deadline) throw late()
      await new Promise((resolve) => setTimeout(resolve, BUSY))
      await patient()
    }
  }
  try {
    await within(patient(), deadline, late)
  } catch (error) {
    throw store.rejection(error)
  }
}

/** Opens the store, and has numbers for what is stored next. */
export async function openStore({
  store,
  numbers,
}: Pick<Needs, 'store' | 'numbers'>): Promise<void> {
  if (!store.opened) await store.open()
  await numbers.fill()
}
