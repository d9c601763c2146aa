import type { About } from '@postern/core/scheme'

export function setupRows({ setup, docs }: About): readonly (readonly [string, string])[] {
  if (!setup) return [['add the URL', `see ${docs}`]]
  const { steps, url, place, call, secret } = setup
  const ways = [
    ...(steps ? [steps.join(' → ')] : []),
    ...(url === undefined ? [] : [url]),
    ...(place === undefined ? [] : [place]),
    ...(call === undefined ? [] : [`${(steps ?? place) ? 'or ' : ''}by its API: ${call}`]),
  ]
  return [
    ...ways.map((way, at) => [at === 0 ? 'add the URL' : '', way] as const),
    ...(secret === undefined ? [] : [['its secret', secret] as const]),
    ['source', setup.docs],
  ]
}

/** Returns the simplest way to add a URL, as the end of a sentence: `GitHub: Settings → Webhooks → Add webhook`. */
export function whereToAdd({ title, setup, docs }: About): string {
  if (!setup) return `${title}: see ${docs}`
  const { steps, place, call } = setup
  const menus = steps?.join(' → ') ?? place
  return menus === undefined ? `${title} by its API: ${call}` : `${title}: ${menus}`
}
