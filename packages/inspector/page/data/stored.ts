import { createPageValue, type PageValue } from './store.ts'

/** Returns a setting of an earlier visit; undefined without storage. */
export function stored(name: string): string | undefined {
  try {
    return localStorage.getItem(`postern.${name}`) ?? undefined
  } catch {
    return undefined
  }
}

export function store(name: string, value: string): void {
  try {
    localStorage.setItem(`postern.${name}`, value)
  } catch {
    // Without storage, the setting is lost after this visit.
  }
}

/** A payload field that lists show, in the form that the server expects. */
type ShownField = readonly [provider: string, topic: string, path: string]

// Maximum number of fields that the server accepts.
const MOST = 20

/** The payload fields that lists show. The field that was chosen last comes first. */
export const shownFields: PageValue<readonly ShownField[]> = createPageValue(read())

function read(): readonly ShownField[] {
  try {
    const fields = JSON.parse(stored('fields') ?? '[]') as readonly ShownField[]
    return fields.filter((one) => one.length === 3).slice(0, MOST)
  } catch {
    return []
  }
}

/**
 * Shows a field of this topic in lists, instead of the topic's earlier field. Without a path, shows no field of this
 * topic.
 */
export function showField(provider: string, topic: string, path: string | undefined): void {
  const others = shownFields.get().filter((one) => one[0] !== provider || one[1] !== topic)
  const fields = path === undefined ? others : [[provider, topic, path] as const, ...others]
  shownFields.set(fields.slice(0, MOST))
  store('fields', JSON.stringify(shownFields.get()))
}
