/** The head of a table whose columns need no names to be seen, for those who do not see it. */
export function HiddenHead({ columns }: { columns: string[] }) {
  return (
    <thead class="hidden">
      <tr>
        {columns.map((name) => (
          <th key={name} scope="col">
            {name}
          </th>
        ))}
      </tr>
    </thead>
  );
}
