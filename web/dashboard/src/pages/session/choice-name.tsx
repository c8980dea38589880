// What is chosen, by the names of the catalogue. Those are German, whatever the reader's language is.

import { useFormats } from "../../app/navigation";
import type { CatalogueNames, Choice } from "../../components/catalogue-names";

interface NamedProps {
  names: CatalogueNames;
}

/** A choice: the option's name, and how many where that is said. */
export function ChoiceName({ choice, names }: NamedProps & { choice: Choice }) {
  const formats = useFormats();
  const { category, option, quantity } = choice;
  return (
    <>
      {quantity !== undefined && `${formats.count(quantity)} × `}
      <span lang="de">{names.option(category, option)}</span>
    </>
  );
}

/** A category's name. */
export function CategoryName({ category, names }: NamedProps & { category: string }) {
  return <span lang="de">{names.category(category)}</span>;
}
