import { AnnotationKeys } from "../image/annotations.ts";
import { isAbsolutePath } from "./_clean_path.ts";
import { checkOneOrigin } from "./_one_origin.ts";
import { PathError } from "./errors.ts";
import type { LayerInput, LayerKind } from "./layer.ts";
import type { LayerPlan, PushContext, PushSteps } from "./push_steps.ts";

/**
 * Names all layers and chooses their media types, before any content is read.
 *
 * @throws {PathError} A file is missing, or a name is absolute or there twice.
 */
export async function planLayers(
  context: PushContext,
  steps: PushSteps,
): Promise<LayerPlan[]> {
  const titles = new Set<string>();
  const plans: LayerPlan[] = [];
  for (const file of context.options.files ?? []) {
    const input = await steps.parseFile(file, context);
    const plan = await planLayer(input, context, steps);
    const { title } = plan;
    if (title !== undefined) {
      checkTitle(title, context);
      if (titles.has(title)) {
        throw new PathError(
          "PATH_DUPLICATE",
          `Cannot push ${title}: two files have this name`,
          title,
        );
      }
      titles.add(title);
    }
    plans.push(plan);
  }
  return plans;
}

async function planLayer(
  input: LayerInput,
  context: PushContext,
  steps: PushSteps,
): Promise<LayerPlan> {
  const kind = await layerKind(input, context);
  const section = context.sections[input.path ?? input.title ?? ""];
  const annotations = { ...section, ...input.annotations };
  const title = annotations[AnnotationKeys.title] ??
    await steps.nameLayer(input, context);
  const mediaType = await steps.layerMediaType(input, kind, context);
  return { input, kind, title, mediaType, annotations };
}

async function layerKind(
  input: LayerInput,
  context: PushContext,
): Promise<LayerKind> {
  checkOneOrigin("layer", input);
  if (input.path === undefined) return "file";
  const { kindOf } = await import("./node/files.ts");
  return await kindOf(context.root, input.path);
}

function checkTitle(title: string, context: PushContext): void {
  if (isAbsolutePath(title) && !context.options.disablePathValidation) {
    throw new PathError(
      "PATH_ABSOLUTE",
      `Cannot push ${title}: the path is absolute`,
      title,
      {
        hint: "Push it by a relative path, give it a title, or disable " +
          "path validation; a pull will refuse an absolute title",
      },
    );
  }
}
