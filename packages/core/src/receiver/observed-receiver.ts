import type { Inbox } from '../inbox/inbox.ts'
import type { ObservedReceiver } from '../observer.ts'
import type { Provider } from '../provider/provider.ts'

/** The receiver as its observers see it. */
export function observedReceiver(
  name: string,
  { name: provider }: Provider,
  { view }: Inbox,
  observe: ObservedReceiver['observe'],
): ObservedReceiver {
  if (!view) return { name, provider, observe }
  return {
    name,
    provider,
    observe,
    stats: async () => (await view.stats()).filter(({ receiver }) => receiver === name),
  }
}
