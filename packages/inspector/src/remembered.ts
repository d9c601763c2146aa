/** A cache of slow answers. Answers are computed one at a time. */
export interface Remembered<Answer> {
  /**
   * Returns the answer to a question. Equal questions share one computation. If `isWhole` is false, the answer is not
   * kept.
   */
  of(
    question: string,
    ask: () => Promise<{ readonly answer: Answer; readonly isWhole: boolean }>,
  ): Promise<Answer>
}

const MOST = 200
// Number of milliseconds that an answer is kept. Afterwards, secrets may have changed.
const KEPT = 10 * 60_000

/** Makes a {@link Remembered}. `now` is in milliseconds. */
export function createRemembered<Answer>(
  now: () => number = () => performance.now(),
): Remembered<Answer> {
  const answers = new Map<string, { readonly at: number; readonly answer: Promise<Answer> }>()
  let last: Promise<unknown> = Promise.resolve()
  return {
    of(question, ask) {
      const known = answers.get(question)
      if (known && now() - known.at < KEPT) return known.answer
      const forget = (): void => void answers.delete(question)
      const answer = last.then(ask).then((found) => {
        if (!found.isWhole) forget()
        return found.answer
      })
      last = answer.catch(forget)
      answers.delete(question)
      answers.set(question, { at: now(), answer })
      for (const oldest of answers.keys()) {
        if (answers.size <= MOST) break
        answers.delete(oldest)
      }
      return answer
    },
  }
}
