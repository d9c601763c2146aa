import { createHash } from 'node:crypto'

/** A target of events. A plain JSON value: it is stored with the task. */
export interface Destination {
  /** The URL. */
  readonly url: string
  /** Its name: tasks are stored under it, so that the URL may change. @default the host and a digest of the URL */
  readonly id?: string
}

/** A destination as the user gives it. */
export type DestinationInit = string | URL | Destination

/** A destination with the name its tasks have. */
interface NamedDestination extends Destination {
  readonly id: string
}

/** Names a destination. The URL is kept out of the name, since it may hold a secret and names are shown to operators. */
export function named(given: DestinationInit): NamedDestination {
  const { url, id } = typeof given === 'string' || given instanceof URL ? { url: given } : given
  const text = String(url)
  return { url: text, id: id ?? `${hostIn(text)}-${digest(text)}` }
}

/** The destinations, each once. */
export function distinct(
  given: DestinationInit | readonly DestinationInit[],
): readonly NamedDestination[] {
  const list = (Array.isArray(given) ? given : [given]) as readonly DestinationInit[]
  return [...new Map(list.map((each) => named(each)).map((each) => [each.id, each])).values()]
}

function hostIn(text: string): string {
  return URL.canParse(text) ? new URL(text).hostname || 'no-host' : 'no-url'
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 12)
}
