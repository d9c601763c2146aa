// The fake GitHub with a few lost events, and a receiver that can fetch them.
import { onTestFinished } from 'vitest'
import type { PayloadSource } from '../../src/index.ts'
import type { Fake } from '../fakes/fake.ts'
import { startGithub, type GithubDelivery } from '../fakes/github.ts'
import { opened } from '../fakes/opened.ts'
import { githubAway, githubDelivery, githubEvents, sourceOptions, type Away } from './scene.ts'

/** Numbers of the lost events, of the 1,000 in the hour. */
export const lost: readonly number[] = [1, 2, 3, 4, 6, 7, 8, 9]

export const some = (): GithubDelivery[] => lost.map((at) => githubDelivery(at))

/** Creates the receiver and the fake GitHub. Both are closed after the test. */
export async function githubScene(
  setup: Parameters<typeof githubAway>[0] = {},
  deliveries: GithubDelivery[] = some(),
): Promise<Away & { readonly fake: Fake; readonly source: PayloadSource }> {
  const fake = await opened(startGithub({ deliveries }))
  const away = githubAway(setup)
  onTestFinished(() => away.receiver.close())
  return { ...away, fake, source: githubEvents(sourceOptions(fake).github) }
}
