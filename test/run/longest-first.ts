import { readFileSync } from 'node:fs'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * Starts the slowest test files of each project first, so that its workers end at about the same time. Without
 * durations of an earlier run, vitest starts with the largest files. A small slow file therefore names its duration in
 * its first line: `// Takes 60 s.`
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const projects = Map.groupBy(sorted, ({ project }) => project)
    return [...projects.values()].flatMap((some) =>
      some.toSorted((a, b) => secondsOf(b) - secondsOf(a)),
    )
  }
}

function secondsOf({ moduleId }: TestSpecification): number {
  return Number(/^\/\/ Takes (\d+) s\b/.exec(readFileSync(moduleId, 'utf8'))?.[1] ?? 0)
}
