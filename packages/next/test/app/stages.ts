import { singleton } from '@postern/next'
import { createStage, type Stage, type StageName } from '@postern/testing'

// The route that accepts deliveries and the route that reports on them are separate bundles.
const stages = singleton('stages', () => new Map<string, Stage>())

export interface StageRoute {
  readonly params: Promise<{ readonly stage: string; readonly run: string }>
}

export async function stageOf({ params }: StageRoute): Promise<Stage> {
  const { stage, run } = await params
  const known = stages.get(run)
  if (known) return known
  const made = createStage(stage as StageName)
  stages.set(run, made)
  return made
}
