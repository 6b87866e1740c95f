/**
 * Finds calls whose promise nobody takes, by the names of functions: it knows those that are declared with `async` or to
 * return a promise, in all files together, wherever their callers import them from.
 */
import { parseSync } from '@swc/core';

interface Node {
  readonly type?: string;
  readonly [key: string]: unknown;
}

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null;

function walk(node: unknown, visit: (node: Node) => void): void {
  if (!isNode(node)) return;
  if (typeof node.type === 'string') visit(node);
  for (const value of Object.values(node)) walk(value, visit);
}

const nameOf = (key: unknown): string | null => {
  if (!isNode(key)) return null;
  const { value } = key as { value?: unknown };
  return typeof value === 'string' ? value : null;
};

/** Does a function give a promise? Null where that is not declared. */
function givesPromise(made: Node): boolean | null {
  if (made.async) return true;
  const type = (made.returnType ?? made.typeAnnotation ?? made.typeAnn) as Node | null | undefined;
  if (!type) return null;
  return JSON.stringify(type).includes('"value":"Promise"');
}

/** The named functions of a file, each with whether it gives a promise. */
function functionsOf(program: Node): (readonly [string, boolean])[] {
  const found: (readonly [string, boolean])[] = [];
  const add = (key: unknown, made: unknown) => {
    const name = nameOf(key);
    if (name !== null && isNode(made)) found.push([name, givesPromise(made) ?? false]);
  };
  walk(program, (node) => {
    if (node.type === 'FunctionDeclaration') add(node.identifier, node);
    else if (node.type === 'ClassMethod' || node.type === 'PrivateMethod') add(node.key, node.function);
    else if (node.type === 'MethodProperty') add(node.key, node);
    else if (node.type === 'TsMethodSignature') add(node.key, node);
    else if (node.type === 'VariableDeclarator' && isNode(node.init)) {
      const { type } = node.init;
      if (type === 'ArrowFunctionExpression' || type === 'FunctionExpression') add(node.id, node.init);
    } else if (node.type === 'TsPropertySignature' || node.type === 'ClassProperty') {
      const text = JSON.stringify(node.typeAnnotation ?? null);
      if (text.includes('TsFunctionType')) add(node.key, { typeAnnotation: node.typeAnnotation } as never);
    }
  });
  return found;
}

/** Gives each dropped promise as `file: name`. @param files their texts by name */
export function droppedPromises(files: Readonly<Record<string, string>>): string[] {
  const programs = Object.entries(files).map(
    ([file, text]) => [file, parseSync(text, { syntax: 'typescript', target: 'es2024' })] as const,
  );
  const functions = programs.flatMap(([, program]) => functionsOf(program as unknown as Node));
  // a name that also means something else says nothing
  const others = new Set(functions.filter(([, isPromise]) => !isPromise).map(([name]) => name));
  const names = new Set(functions.map(([name]) => name).filter((name) => !others.has(name)));
  const dropped: string[] = [];
  for (const [file, program] of programs)
    walk(program, (node) => {
      if (node.type !== 'ExpressionStatement') return;
      const name = calledBy(node.expression);
      if (name !== null && names.has(name)) dropped.push(`${file}: ${name}`);
    });
  return dropped;
}

/** The name of the function whose value an expression gives. */
function calledBy(expression: unknown): string | null {
  if (!isNode(expression)) return null;
  if (expression.type === 'OptionalChainingExpression') return calledBy(expression.base);
  if (expression.type === 'ParenthesisExpression') return calledBy(expression.expression);
  if (expression.type !== 'CallExpression') return null;
  const { callee } = expression;
  if (!isNode(callee)) return null;
  const of = callee.type === 'OptionalChainingExpression' ? (callee.base as Node) : callee;
  return of.type === 'MemberExpression' ? nameOf(of.property) : nameOf(of);
}
