import ts from 'typescript';

/**
 * The types that the public declarations of a module name, and that a user cannot import from it: each as `Name, of
 * Declaration`. What comes from another package, or from the language, is not asked for.
 *
 * @param entry a `.d.ts` file
 * @param folder of the package's own declarations
 */
export function unexportedTypes(entry: string, folder: string): readonly string[] {
  const program = ts.createProgram([entry], {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2024,
    types: ['node'],
    skipLibCheck: true,
    noEmit: true,
  });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(entry);
  const module = source && checker.getSymbolAtLocation(source);
  if (module === undefined) throw new Error(`${entry} is no module`);
  const resolved = (symbol: ts.Symbol): ts.Symbol =>
    symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const exported = new Set(checker.getExportsOfModule(module).map(resolved));
  const missing = new Set<string>();

  const check = (name: ts.Node, owner: ts.Symbol): void => {
    const found = checker.getSymbolAtLocation(name);
    if (found === undefined) return;
    const symbol = resolved(found);
    if (exported.has(symbol) || symbol.flags & ts.SymbolFlags.TypeParameter) return;
    const isOwn = symbol.declarations?.some(one => one.getSourceFile().fileName.startsWith(folder));
    if (isOwn) missing.add(`${symbol.name}, of ${owner.name}`);
  };
  const visit = (node: ts.Node, owner: ts.Symbol): void => {
    const isPrivate =
      ts.canHaveModifiers(node) &&
      ts.getModifiers(node)?.some(modifier => modifier.kind === ts.SyntaxKind.PrivateKeyword);
    if (isPrivate) return;
    if (ts.isTypeReferenceNode(node)) check(node.typeName, owner);
    else if (ts.isExpressionWithTypeArguments(node)) check(node.expression, owner);
    ts.forEachChild(node, child => visit(child, owner));
  };
  for (const symbol of exported) {
    for (const declaration of symbol.declarations ?? []) {
      if (declaration.getSourceFile().fileName.startsWith(folder)) visit(declaration, symbol);
    }
  }
  return [...missing].sort();
}
