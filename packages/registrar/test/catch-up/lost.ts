// A few events that were lost, at the fake GitHub, and a receiver that can fetch them.
import { afterEach } from 'vitest'
import type { PayloadSource } from '../../src/index.ts'
import type { Fake } from '../fakes/fake.ts'
import { startGithub, type GithubDelivery } from '../fakes/github.ts'
import { githubAway, githubDelivery, githubEvents, sourceOptions, type Away } from './scene.ts'

/** Which of the hour's events. */
export const lost: readonly number[] = [1, 2, 3, 4, 6, 7, 8, 9]

export const some = (): GithubDelivery[] => lost.map((at) => githubDelivery(at))

export interface LostScene {
  /** Closes it after the test. */
  readonly kept: <Kept extends Fake>(fake: Kept) => Kept
  readonly githubScene: (
    setup?: Parameters<typeof githubAway>[0],
    deliveries?: GithubDelivery[],
  ) => Promise<Away & { readonly fake: Fake; readonly source: PayloadSource }>
}

/** Makes the scenes of a test file. */
export function lostScene(): LostScene {
  const open: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const close of open.splice(0)) await close()
  })
  const kept = <Kept extends Fake>(fake: Kept): Kept => {
    open.push(() => fake.close())
    return fake
  }
  return {
    kept,
    async githubScene(setup = {}, deliveries = some()) {
      const fake = kept(await startGithub({ deliveries }))
      const away = githubAway(setup)
      open.push(() => away.receiver.close())
      return { ...away, fake, source: githubEvents(sourceOptions(fake).github) }
    },
  }
}
