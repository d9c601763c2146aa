import type { Provider } from '@postern/core/scheme'
import type { Genuine } from './genuine.ts'

/**
 * The first of each kind of sender. An adapter knows no sender by name: two for which it has to do the same are one kind to it.
 */
export function oneOfEachKind(genuine: readonly Genuine[]): readonly Genuine[] {
  const kinds = new Map<string, Genuine>()
  for (const one of genuine) {
    const kind = kindOf(one.provider())
    if (!kinds.has(kind)) kinds.set(kind, one)
  }
  return [...kinds.values()]
}

/** What decides how a request of a sender is read and answered. */
function kindOf(provider: Provider): string {
  const { methods, formats, codings, charsets, labels, labelled, covers, greets } = provider
  return JSON.stringify([
    methods ?? ['POST'],
    formats ?? ['json'],
    codings ?? [],
    charsets ?? [],
    labels ?? 'ignore',
    labelled !== undefined,
    covers.body,
    covers.url === true,
    greets ?? (provider.greet !== undefined && 'some'),
    provider.reply !== undefined,
    provider.admit !== undefined,
    provider.failsOnRedirect === true,
    provider.unauthenticated === true,
  ])
}
