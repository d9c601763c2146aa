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

/**
 * What an adapter can meet: methods, types of content, codings, URLs, challenges, and replies of the sender's own form. Charsets,
 * labels, tokens and redirects are the line's, which sees the same delivery on each host.
 */
function kindOf(provider: Provider): string {
  const { methods, formats, codings, covers, greets } = provider
  return JSON.stringify([
    methods ?? ['POST'],
    formats ?? ['json'],
    codings ?? [],
    covers.body,
    covers.url === true,
    greets ?? (provider.greet !== undefined && 'some'),
    provider.reply !== undefined,
  ])
}
