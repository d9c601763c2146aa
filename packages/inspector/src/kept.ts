/** A cache of answers. Equal questions share one computation. */
interface AnswerCache {
  /** Returns the known answer to a question, or the answer that `ask` computes. A failure is not kept. */
  readonly of: <Answer>(question: string, ask: () => Promise<Answer>) => Promise<Answer>
  readonly forget: (question?: string) => void
}

/** Keeps an answer for `ms` milliseconds, and at most `most` answers. `now` is in milliseconds. */
export function createAnswerCache(
  { ms = Infinity, most = 1 }: { readonly ms?: number; readonly most?: number },
  now: () => number = () => performance.now(),
): AnswerCache {
  const answers = new Map<string, { readonly at: number; readonly answer: Promise<unknown> }>()
  return {
    of<Answer>(question: string, ask: () => Promise<Answer>) {
      const known = answers.get(question)
      if (known && now() - known.at < ms) return known.answer as Promise<Answer>
      const answer = ask()
      answers.delete(question)
      answers.set(question, { at: now(), answer })
      answer.catch(() => answers.delete(question))
      for (const oldest of answers.keys()) {
        if (answers.size <= most) break
        answers.delete(oldest)
      }
      return answer
    },
    forget(question) {
      if (question === undefined) answers.clear()
      else answers.delete(question)
    },
  }
}

/** Makes a function that calls `ask` once and keeps the result. If `ask` fails, the next call tries again. */
export function once<Answer>(ask: () => Promise<Answer>): () => Promise<Answer> {
  const kept = createAnswerCache({})
  return () => kept.of('', ask)
}

/** Returns the answer to a question. If `ask` returns `isWhole: false`, the answer is not kept. */
export type Remembered<Answer> = (
  question: string,
  ask: () => Promise<{ readonly answer: Answer; readonly isWhole: boolean }>,
) => Promise<Answer>

/** Makes a {@link Remembered}: answers are computed one at a time, and kept for ten minutes, since secrets can change. */
export function createRemembered<Answer>(): Remembered<Answer> {
  const kept = createAnswerCache({ ms: 10 * 60_000, most: 200 })
  let last: Promise<unknown> = Promise.resolve()
  return (question, ask) =>
    kept.of(question, () => {
      const answer = last.then(ask).then((found) => {
        if (!found.isWhole) kept.forget(question)
        return found.answer
      })
      last = answer.catch(() => undefined)
      return answer
    })
}
