import { createPageValue, type PageValue } from './store.ts'

interface Said {
  readonly text: string
  readonly isShown: boolean
}

/** The text for screen readers. With `isShown`, a note on the page shows the text for five seconds. */
export const said: PageValue<Said> = createPageValue<Said>({ text: '', isShown: false })

let timer: ReturnType<typeof setTimeout> | undefined

/** Lets screen readers say a sentence. The page does not show it. */
export function sayPolitely(text: string): void {
  said.set({ text, isShown: false })
}

/** Lets screen readers say a sentence, and shows it for five seconds. */
export function note(text: string): void {
  said.set({ text, isShown: true })
  clearTimeout(timer)
  timer = setTimeout(() => said.set({ text, isShown: false }), 5000)
}
