import { note } from './announce.ts'

/** Copies a text and says so. False if this browser does not let the page: the text must be shown then. */
export async function copy(text: string, what: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
  } catch {
    note(`The browser does not let this page copy. Open it by https, or select the ${what}.`)
    return false
  }
  note(`Copied the ${what}.`)
  return true
}
